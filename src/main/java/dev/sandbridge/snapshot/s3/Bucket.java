package dev.sandbridge.snapshot.s3;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Objects of one bucket by their names below a prefix. Thread-safe. Failures are {@link IOException}s that name neither
 * keys nor contents; an object that is not there is a {@link NoSuchFileException}.
 */
final class Bucket implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(10);

    /** Of silence on a connection. */
    private static final Duration SILENCE = Duration.ofSeconds(60);

    /** What is taken for the region where a server of its own has none. */
    private static final String SOME_REGION = "us-east-1";

    private static final String TYPE = "application/octet-stream";

    private final S3Options options;
    private final ReentrantLock making = new ReentrantLock();
    private volatile @Nullable S3Client client;

    Bucket(S3Options options) {
        this.options = options;
    }

    /**
     * Something that lies there.
     *
     * @param name without the prefix
     * @param since when it was written, or begun
     */
    record Listed(String name, Instant since) {}

    /** A piece of work with the SDK, which says in unchecked exceptions what went wrong. */
    @FunctionalInterface
    private interface Work<T> {
        T with(S3Client client);
    }

    void put(String name, byte[] bytes, int length) throws IOException {
        doing(
                "write to",
                s3 -> s3.putObject(
                        put -> put.bucket(options.bucket()).key(key(name)).contentType(TYPE), body(bytes, length)));
    }

    /** The object's bytes as they come, to be closed by the caller; what was not read to its end is broken off. */
    InputStream open(String name) throws IOException {
        ResponseInputStream<GetObjectResponse> content = doing(
                "read from",
                s3 -> s3.getObject(get -> get.bucket(options.bucket()).key(key(name))));
        return new ObjectInput(content);
    }

    byte[] get(String name) throws IOException {
        return doing("read from", s3 -> s3.getObjectAsBytes(
                        get -> get.bucket(options.bucket()).key(key(name)))
                .asByteArray());
    }

    void delete(String name) throws IOException {
        doing(
                "delete from",
                s3 -> s3.deleteObject(delete -> delete.bucket(options.bucket()).key(key(name))));
    }

    /** All whose name begins so, in the order of their names. */
    List<Listed> list(String beginning) throws IOException {
        return doing(
                "list", s3 -> s3
                        .listObjectsV2Paginator(
                                list -> list.bucket(options.bucket()).prefix(key(beginning)))
                        .contents()
                        .stream()
                        .map(object -> new Listed(name(object.key()), object.lastModified()))
                        .toList());
    }

    /** Begins an object that is written in parts; the number of the upload. */
    String begin(String name) throws IOException {
        return doing("write to", s3 -> s3.createMultipartUpload(
                        begin -> begin.bucket(options.bucket()).key(key(name)).contentType(TYPE))
                .uploadId());
    }

    CompletedPart upload(String name, String upload, int number, byte[] bytes, int length) throws IOException {
        return doing("write to", s3 -> {
            String tag = s3.uploadPart(
                            part -> part.bucket(options.bucket())
                                    .key(key(name))
                                    .uploadId(upload)
                                    .partNumber(number),
                            body(bytes, length))
                    .eTag();
            return CompletedPart.builder().partNumber(number).eTag(tag).build();
        });
    }

    /** Makes an object of its parts. */
    void complete(String name, String upload, List<CompletedPart> parts) throws IOException {
        doing(
                "write to",
                s3 -> s3.completeMultipartUpload(end -> end.bucket(options.bucket())
                        .key(key(name))
                        .uploadId(upload)
                        .multipartUpload(all -> all.parts(parts))));
    }

    void abort(String name, String upload) throws IOException {
        doing(
                "delete from",
                s3 -> s3.abortMultipartUpload(
                        end -> end.bucket(options.bucket()).key(key(name)).uploadId(upload)));
    }

    /** Aborts what was begun before that time and never completed. */
    void abortOlderThan(String beginning, Instant time) throws IOException {
        var left =
                doing("list", s3 -> s3
                        .listMultipartUploadsPaginator(
                                list -> list.bucket(options.bucket()).prefix(key(beginning)))
                        .uploads()
                        .stream()
                        .filter(upload -> upload.initiated().isBefore(time))
                        .toList());
        for (var upload : left) {
            abort(name(upload.key()), upload.uploadId());
        }
    }

    private String key(String name) {
        return options.prefix() + name;
    }

    private String name(String key) {
        return key.substring(options.prefix().length());
    }

    /** Can be sent again without a copy. */
    private static RequestBody body(byte[] bytes, int length) {
        return RequestBody.fromContentProvider(() -> new ByteArrayInputStream(bytes, 0, length), length, TYPE);
    }

    private <T> T doing(String what, Work<T> work) throws IOException {
        try {
            return work.with(client());
        } catch (NoSuchKeyException none) {
            throw missing(none);
        } catch (S3Exception refused) {
            if (refused.statusCode() == 404 && what.equals("read from")) {
                throw missing(refused);
            }
            var details = refused.awsErrorDetails();
            String code = details == null ? "status" : details.errorCode();
            throw new IOException(failure(what) + ": " + code + " " + refused.statusCode(), refused);
        } catch (SdkException failed) {
            throw new IOException(failure(what), failed);
        }
    }

    private String failure(String what) {
        return "could not " + what + " the bucket of snapshots, " + options.bucket();
    }

    private static NoSuchFileException missing(S3Exception cause) {
        var none = new NoSuchFileException("an object of a snapshot");
        none.initCause(cause);
        return none;
    }

    private S3Client client() {
        S3Client made = client;
        if (made != null) {
            return made;
        }
        making.lock();
        try {
            if (client == null) {
                client = make();
            }
            return client;
        } finally {
            making.unlock();
        }
    }

    private S3Client make() {
        var builder = S3Client.builder()
                .httpClientBuilder(UrlConnectionHttpClient.builder()
                        .connectionTimeout(CONNECT)
                        .socketTimeout(SILENCE));
        var endpoint = options.endpoint();
        if (endpoint != null) {
            // Amazon's checksums come after the body, which not every server of its API understands.
            builder.endpointOverride(endpoint)
                    .forcePathStyle(true)
                    .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                    .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
        }
        String region = options.region() == null && endpoint != null ? SOME_REGION : options.region();
        if (region != null) {
            builder.region(Region.of(region));
        }
        return builder.build();
    }

    @Override
    public void close() {
        S3Client made = client;
        if (made != null) {
            made.close();
        }
    }

    /** Breaks the connection off instead of reading the rest. */
    private static final class ObjectInput extends FilterInputStream {
        private final ResponseInputStream<GetObjectResponse> content;
        private boolean ended;

        ObjectInput(ResponseInputStream<GetObjectResponse> content) {
            super(content);
            this.content = content;
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            ended |= one < 0;
            return one;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            ended |= count < 0;
            return count;
        }

        @Override
        public void close() throws IOException {
            if (ended) {
                super.close();
            } else {
                content.abort();
            }
        }
    }
}
