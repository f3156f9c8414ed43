package dev.sandbridge.websocket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket08FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import org.jspecify.annotations.Nullable;

/**
 * Reads a connection's frames in pieces, as their bytes come: no frame is ever put together, however large. Stands in
 * the place of Netty's decoder, which keeps a whole frame before anybody is asked whether there is room for it. While
 * there is none, the connection is not read, and what was read already waits here, some 64 KiB at most.
 *
 * <p>Pings are answered here, the newest one only when the caller does not read. What closes the connection is passed
 * on. Used on the connection's own thread, except for {@link #resume}.
 */
final class FrameReader extends ChannelInboundHandlerAdapter {
    /** The largest piece of a message that is handed out. */
    static final int PIECE = 8 * 1024;

    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int LONGEST_CONTROL = 125;
    private static final int MASK = 4;

    /** Who is handed what is read, on the connection's own thread. */
    interface Taker {
        /** Whether so many bytes will be taken; if not, {@link #resume} is due once they will. */
        boolean hasRoom(int bytes);

        void take(boolean text, byte[] bytes, boolean last);

        /** What comes breaks the protocol; nothing after it is read. */
        void broken(String why);
    }

    private final Taker taker;
    private final byte[] head = new byte[2 + 8 + MASK];
    private int headLength;
    private boolean inFrame;
    private long left;
    private int masked;
    private byte[] control = new byte[0];
    private boolean inMessage;
    private boolean text;
    private boolean over;
    private boolean full;
    private boolean heard;
    private @Nullable ByteBuf rest;
    private byte @Nullable [] unanswered;
    private @Nullable ChannelHandlerContext context;

    FrameReader(Taker taker) {
        this.taker = taker;
    }

    /** Reads that connection's frames from now on. */
    void install(Channel channel) {
        channel.pipeline().replace(WebSocket08FrameDecoder.class, "frames", this);
    }

    /** Goes on after there was no room. On any thread. */
    void resume() {
        ChannelHandlerContext there = context;
        if (there != null) {
            there.channel().eventLoop().execute(() -> {
                read(there);
                there.fireChannelReadComplete();
            });
        }
    }

    /** Whether anything has come since this was last asked: a pong, or part of a frame. */
    boolean hasHeard() {
        boolean now = heard;
        heard = false;
        return now;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        over = true;
        drop();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            ctx.fireChannelRead(message);
            return;
        }
        heard = true;
        ByteBuf before = rest;
        // What was under way when reading stopped comes nevertheless.
        rest = before == null ? bytes : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), before, bytes);
        if (!full) {
            read(ctx);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        byte[] ping = unanswered;
        if (ping != null && ctx.channel().isWritable()) {
            unanswered = null;
            answer(ctx, ping);
            ctx.channel().flush();
        }
        ctx.fireChannelWritabilityChanged();
    }

    private void read(ChannelHandlerContext ctx) {
        full = false;
        ByteBuf in = rest;
        if (in != null) {
            boolean more = true;
            while (more) {
                more = !over && (inFrame || readHead(in)) && (isControl() ? readControl(ctx, in) : readData(in));
            }
            if (over || !in.isReadable()) {
                drop();
            }
            ctx.channel().flush();
        }
        ctx.channel().config().setAutoRead(!full);
    }

    private void drop() {
        if (rest != null) {
            rest.release();
            rest = null;
        }
    }

    /** Whether the head of a frame is there, and keeps to the protocol. */
    private boolean readHead(ByteBuf in) {
        while (headLength < headSize()) {
            if (!in.isReadable()) {
                return false;
            }
            head[headLength++] = in.readByte();
        }
        left = length();
        String why = fault();
        if (why != null) {
            fail(why);
            return false;
        }
        headLength = 0;
        masked = 0;
        inFrame = true;
        if (isControl()) {
            control = new byte[(int) left];
        } else {
            text = inMessage ? text : opcode() == TEXT;
            inMessage = !isFinal();
        }
        return true;
    }

    private int headSize() {
        return headLength < 2 ? 2 : 2 + lengthSize() + MASK;
    }

    private int lengthSize() {
        int length = head[1] & 0x7F;
        return length < 126 ? 0 : length == 126 ? 2 : 8;
    }

    private long length() {
        long length = lengthSize() == 0 ? head[1] & 0x7F : 0;
        for (int i = 0; i < lengthSize(); i++) {
            length = length << 8 | head[2 + i] & 0xFF;
        }
        return length;
    }

    private @Nullable String fault() {
        if (left < 0) {
            return "a frame of no possible length";
        }
        if ((head[0] & 0x70) != 0) {
            return "an extension that was not agreed on";
        }
        if ((head[1] & 0x80) == 0) {
            return "a frame without a mask";
        }
        if (isControl()) {
            return opcode() > PONG || !isFinal() || left > LONGEST_CONTROL ? "a control frame that is none" : null;
        }
        if (opcode() > BINARY) {
            return "a frame of an unknown kind";
        }
        return inMessage == (opcode() == CONTINUATION) ? null : "a frame that does not continue what began";
    }

    private int opcode() {
        return head[0] & 0x0F;
    }

    private boolean isFinal() {
        return (head[0] & 0x80) != 0;
    }

    private boolean isControl() {
        return opcode() >= CLOSE;
    }

    /** Whether a piece could be read. */
    private boolean readData(ByteBuf in) {
        int size = (int) Math.min(Math.min(left, in.readableBytes()), PIECE);
        if (size == 0 && left > 0) {
            return false;
        }
        // Without bytes, only the end of a message means something.
        if (size > 0 || isFinal()) {
            if (!taker.hasRoom(size)) {
                full = true;
                return false;
            }
            var bytes = new byte[size];
            unmask(in, bytes, 0, size);
            taker.take(text, bytes, isFinal() && left == 0);
        }
        inFrame = left > 0;
        return true;
    }

    /** Whether a whole control frame could be read. */
    private boolean readControl(ChannelHandlerContext ctx, ByteBuf in) {
        int size = (int) Math.min(left, in.readableBytes());
        unmask(in, control, control.length - (int) left, size);
        if (left > 0) {
            return false;
        }
        inFrame = false;
        if (opcode() == PING) {
            answer(ctx, control);
        } else if (opcode() == CLOSE) {
            close(ctx, control);
        }
        return true;
    }

    private void unmask(ByteBuf in, byte[] to, int at, int size) {
        int mask = 2 + lengthSize();
        in.readBytes(to, at, size);
        for (int i = at; i < at + size; i++) {
            to[i] ^= head[mask + masked];
            masked = (masked + 1) % MASK;
        }
        left -= size;
    }

    /** Answers while the caller reads; of what comes while it does not, the newest is answered when it does again. */
    private void answer(ChannelHandlerContext ctx, byte[] ping) {
        if (ctx.channel().isWritable()) {
            ctx.channel().write(new PongWebSocketFrame(Unpooled.wrappedBuffer(ping)));
        } else {
            unanswered = ping;
        }
    }

    private void close(ChannelHandlerContext ctx, byte[] said) {
        boolean coded =
                said.length > 1 && WebSocketCloseStatus.isValidStatusCode((said[0] & 0xFF) << 8 | said[1] & 0xFF);
        if (!coded && said.length > 0) {
            fail("a close with an impossible code");
            return;
        }
        over = true;
        ctx.fireChannelRead(new CloseWebSocketFrame(true, 0, Unpooled.wrappedBuffer(said)));
    }

    private void fail(String why) {
        over = true;
        taker.broken(why);
    }
}
