package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** What the head of a request must be like; beyond that the framework would refuse it with an empty body. */
final class RequestHead {
    /** Any path of a file fits in, percent-encoded. */
    private static final int LONGEST_URI = 32 << 10;

    private static final int LARGEST_HEADERS = 64 << 10;

    // Addresses of requests that could not be read; no caller can send them, whose bytes are characters up to U+00FF.
    private static final String MALFORMED = "/\u2400";
    private static final String LONG_URI = "/\u2401";
    private static final String LARGE_HEADERS = "/\u2402";

    private RequestHead() {}

    /** The address that stands for a request that could not be read. */
    static String unreadable(@Nullable Throwable cause) {
        return switch (cause) {
            case null -> MALFORMED;
            case TooLongHttpLineException line -> LONG_URI;
            case TooLongHttpHeaderException headers -> LARGE_HEADERS;
            default -> MALFORMED;
        };
    }

    /** Why the request is refused, or null. */
    static @Nullable SandboxException refusal(HttpServerRequest request) {
        String uri = request.uri();
        if (uri.equals(MALFORMED)) {
            return new SandboxException(ErrorCode.INVALID_REQUEST, "the request is not HTTP/1.1 as RFC 9112 has it")
                    .action("look at its first line, its headers, and that it has one length");
        }
        if (uri.length() > LONGEST_URI || uri.equals(LONG_URI)) {
            return new SandboxException(
                            ErrorCode.URI_TOO_LONG, "path and query may be at most " + LONGEST_URI + " bytes long")
                    .action("ask for less at once, or send it in a body");
        }
        if (uri.equals(LARGE_HEADERS) || size(request) > LARGEST_HEADERS) {
            return new SandboxException(
                            ErrorCode.HEADERS_TOO_LARGE,
                            "all headers together may be at most " + LARGEST_HEADERS + " bytes long")
                    .action("send fewer or shorter headers");
        }
        return null;
    }

    private static long size(HttpServerRequest request) {
        long size = 0;
        for (var header : request.headers()) {
            size += header.getKey().length() + header.getValue().length();
        }
        return size;
    }
}
