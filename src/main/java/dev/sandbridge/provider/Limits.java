package dev.sandbridge.provider;

/**
 * What one sandbox may use.
 *
 * @param memoryBytes resident memory of all its processes, file cache included where the kernel counts so
 * @param processes processes and threads at once
 * @param cpuMillis thousandths of one processor
 * @param diskBytes workspace, home and temporary files together
 * @param outputBytes output of one command, both streams together
 */
public record Limits(long memoryBytes, int processes, int cpuMillis, long diskBytes, long outputBytes) {}
