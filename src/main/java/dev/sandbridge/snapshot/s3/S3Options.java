package dev.sandbridge.snapshot.s3;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where the bucket is. Credentials come from where Amazon's SDK looks for them: the environment, the role of a function
 * or task, {@code ~/.aws}.
 *
 * @param bucket its name; must be there
 * @param prefix of every name in it, such as {@code snapshots/}; may be empty
 * @param region or null for that of the environment
 * @param endpoint of another service that speaks the API, or null for Amazon's own
 */
public record S3Options(
        String bucket,
        String prefix,
        @Nullable String region,
        @Nullable URI endpoint) {}
