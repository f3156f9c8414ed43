package dev.sandbridge.provider.blaxel;

import java.io.IOException;

/** What goes wrong between us and the vendor, by the names of the contract: five shapes of errors, and silence. */
enum Mishap implements Fault.Play {
    /** E1: the control plane's own error. */
    CONTROL_PLANE_ERROR {
        @Override
        public void run(Exchange exchange) throws IOException {
            exchange.json(500, Json.object().put("code", 500).put("error", "internal error"));
        }
    },
    /** E2: the error of creating a sandbox. */
    CREATE_ERROR {
        @Override
        public void run(Exchange exchange) throws IOException {
            exchange.json(500, StandIn.createError("DEPLOYMENT_FAILED", 500, ""));
        }
    },
    /** E3: the gateway reached nothing and says so. */
    GATEWAY_ERROR {
        @Override
        public void run(Exchange exchange) throws IOException {
            exchange.json(502, StandIn.gatewayError("UPSTREAM_CONNECT_FAILED", 502, true));
        }
    },
    /** E4: the server inside the sandbox fails. */
    SANDBOX_ERROR {
        @Override
        public void run(Exchange exchange) throws IOException {
            exchange.error(500, "internal error");
        }
    },
    /** E5: a page of the network in front of everything. */
    PAGE {
        @Override
        public void run(Exchange exchange) throws IOException {
            exchange.html(502);
        }
    },
    /** E5: not even a page. */
    EMPTY {
        @Override
        public void run(Exchange exchange) throws IOException {
            exchange.bytes(503, "text/plain", new byte[0]);
        }
    },
    /** Nothing happens for a while, then everything goes on. */
    STALL {
        @Override
        public void run(Exchange exchange) {
            StandIn.pause(STALL_MILLIS);
        }
    },
    /** The connection ends in the middle of an answer. */
    HALF {
        @Override
        public void run(Exchange exchange) throws IOException {
            String size = exchange.header("Range").replaceFirst("bytes=[0-9]+-", "");
            int last = size.isEmpty() ? 1 << 20 : Integer.parseInt(size);
            exchange.begin(
                            206,
                            "application/octet-stream",
                            last + 1L,
                            "Content-Range: bytes 0-" + last + "/" + (last + 1L))
                    .write(new byte[last / 2]);
            exchange.hangUp();
        }
    },
    /** The connection ends as in a crash, before any answer. */
    RESET {
        @Override
        public void run(Exchange exchange) throws IOException {
            exchange.reset();
        }
    };

    static final long STALL_MILLIS = 1500;
}
