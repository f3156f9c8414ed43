package dev.sandbridge.snapshot.s3;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A server of S3's API on this machine, S3Proxy with objects in memory: a process of its own, which checks signatures.
 * One for all tests of a JVM, and gone with it. Its credentials are set where the SDK looks for them.
 */
public final class S3Server {
    private static final String NAME = "test-identity";
    private static final String SECRET = "test-credential";

    private static @Nullable S3Server running;

    private final URI endpoint;

    private S3Server(URI endpoint) {
        this.endpoint = endpoint;
    }

    /** The one of this JVM. */
    public static synchronized S3Server get() {
        if (running == null) {
            System.setProperty("aws.accessKeyId", NAME);
            System.setProperty("aws.secretAccessKey", SECRET);
            running = start();
        }
        return running;
    }

    public URI endpoint() {
        return endpoint;
    }

    /** Environment of a process that keeps its snapshots in that bucket. */
    public Map<String, String> environment(String bucket) {
        return Map.of(
                "SANDBRIDGE_SNAPSHOTS_BUCKET", bucket,
                "SANDBRIDGE_SNAPSHOTS_ENDPOINT", endpoint.toString(),
                "AWS_ACCESS_KEY_ID", NAME,
                "AWS_SECRET_ACCESS_KEY", SECRET);
    }

    /** A new, empty bucket. */
    public String bucket(String name) {
        try (S3Client client = client()) {
            client.createBucket(create -> create.bucket(name));
            return name;
        }
    }

    /** What the tests look into it with. */
    S3Client client() {
        return S3Client.builder()
                .endpointOverride(endpoint)
                .forcePathStyle(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(NAME, SECRET)))
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .build();
    }

    private static S3Server start() {
        try {
            int port = freePort();
            Path settings = Files.createTempFile("s3", ".properties");
            Files.writeString(settings, """
                    s3proxy.endpoint=http://127.0.0.1:%d
                    s3proxy.authorization=aws-v4
                    s3proxy.identity=%s
                    s3proxy.credential=%s
                    jclouds.provider=transient-nio2
                    jclouds.identity=local
                    jclouds.credential=local
                    """.formatted(port, NAME, SECRET));
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx256m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-jar",
                            System.getProperty("test.s3"),
                            "--properties",
                            settings.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
            awaitAnswer(process, port);
            return new S3Server(URI.create("http://127.0.0.1:" + port));
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    private static void awaitAnswer(Process process, int port) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try (var connected = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException notYet) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    throw new AssertionError("S3Proxy did not start", notYet);
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
