package dev.sandbridge.sandbox;

import dev.sandbridge.archive.ArchiveReport;
import dev.sandbridge.archive.Manifest;
import java.time.Instant;

/**
 * What one persist or snapshot wrote.
 *
 * @param number names it, for its sandbox
 */
public record StoredReport(long number, Instant at, Manifest manifest, ArchiveReport report) {}
