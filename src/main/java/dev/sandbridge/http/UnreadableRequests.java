package dev.sandbridge.http;

import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/**
 * Has requests that cannot be read answered by the door like any other, in their turn, with an error object: Vert.x
 * answers them itself with an empty body, and Quarkus gives no access to that. What cannot be read reaches the door as
 * a request for an address that stands for it ({@link RequestHead}).
 *
 * <p>Netty finds this class as a service where {@code io.netty.bootstrap.extensions} is {@code serviceload}, to which
 * {@code app.Main} sees.
 */
public final class UnreadableRequests extends ChannelInitializerExtension {
    @Override
    public void postInitializeServerChildChannel(Channel child) {
        // After the initializer of the server, which adds the decoder.
        child.pipeline().addLast(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                ChannelHandlerContext decoder = channel.pipeline().context(HttpRequestDecoder.class);
                if (decoder != null) {
                    channel.pipeline().addAfter(decoder.name(), null, new Replacement());
                }
            }
        });
    }

    private static final class Replacement extends ChannelInboundHandlerAdapter {
        private boolean ended;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (ended) {
                ReferenceCountUtil.release(message);
            } else if (message instanceof HttpRequest request && !isReadable(request)) {
                String address = RequestHead.unreadable(request.decoderResult().cause());
                ReferenceCountUtil.release(message);
                ended = true;
                var replacement = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, address);
                // Without a host it would not come as far as the door.
                replacement.headers().set(HttpHeaderNames.HOST, "localhost");
                replacement.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
                context.fireChannelRead(replacement);
                context.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
            } else {
                context.fireChannelRead(message);
            }
        }

        /** Netty takes any word for the name of the protocol, and Vert.x answers in that. */
        private static boolean isReadable(HttpRequest request) {
            HttpVersion version = request.protocolVersion();
            return request.decoderResult().isSuccess()
                    && version.protocolName().equals("HTTP")
                    && version.majorVersion() == 1;
        }
    }
}
