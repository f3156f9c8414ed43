package dev.sandbridge.provider.blaxel;

import java.time.Duration;

/**
 * How long things are waited for; tests scale it.
 *
 * @param pause before the first repetition of a call; doubled each time
 * @param reach how long a sandbox that exists and cannot be reached is asked again
 * @param poll between two looks at a sandbox that is being made or removed
 * @param creating how long a creation whose answer was lost is awaited
 * @param late how long a creation that was given up is watched, to remove what it makes after all
 * @param removing how long a removal is awaited
 * @param beat between two signs of life of a service that replaces a workspace
 * @param trust how long what the control plane said of a sandbox is worked by without asking again
 * @param quiet a command's output that has not grown for so long after its end is held by a background child
 * @param ping between two signs of life to a terminal
 * @param hangUp how long a command that was hung up may take to end before its terminal goes
 * @param silence of a command's stream, which otherwise says something every five seconds, until it counts as broken
 */
record Timing(
        Duration pause,
        Duration reach,
        Duration poll,
        Duration creating,
        Duration late,
        Duration removing,
        Duration beat,
        Duration trust,
        Duration quiet,
        Duration ping,
        Duration hangUp,
        Duration silence) {
    static final Timing REAL = new Timing(
            Duration.ofMillis(500),
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            Duration.ofSeconds(120),
            Duration.ofMinutes(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofMillis(250),
            Duration.ofSeconds(25),
            Duration.ofSeconds(10),
            Duration.ofSeconds(20));
}
