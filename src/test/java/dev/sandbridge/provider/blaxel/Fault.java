package dev.sandbridge.provider.blaxel;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** Something that goes wrong with requests that it matches, so many times. */
final class Fault {
    private final Predicate<Exchange> matches;
    private final AtomicInteger left;
    private final Play play;

    /** What the client gets to see. */
    interface Play {
        void run(Exchange exchange) throws IOException;
    }

    Fault(Predicate<Exchange> matches, int times, Play play) {
        this.matches = matches;
        this.left = new AtomicInteger(times);
        this.play = play;
    }

    boolean takes(Exchange exchange) {
        return matches.test(exchange) && left.getAndDecrement() > 0;
    }

    /** Whether the request has been dealt with. */
    boolean playBefore(Exchange exchange) throws IOException {
        play.run(exchange);
        return exchange.isAnswered();
    }
}
