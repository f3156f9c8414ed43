import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;

/** What an upgrade costs at the least, on the service's own kind of server: every message comes back as it is. */
final class Echo {
    private Echo() {}

    public static void main(String[] arguments) throws Exception {
        var options = new HttpServerOptions().setHost("127.0.0.1").setPort(0);
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(Runtime.getRuntime().availableProcessors()));
        var server = vertx.createHttpServer(options)
                .webSocketHandler(socket -> socket.binaryMessageHandler(socket::writeBinaryMessage))
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .get();
        System.out.println(server.actualPort());
        System.in.read();
        System.exit(0);
    }
}
