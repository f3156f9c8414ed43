package dev.sandbridge.provider;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/** Something that goes wrong in one call of a provider. */
public interface Fault {
    <T> T around(Supplier<T> effect);

    /** What becomes of a stream that the call gives. */
    default InputStream stream(InputStream whole) {
        return whole;
    }

    /** The call fails and does nothing. */
    static Fault before(RuntimeException failure) {
        return new Fault() {
            @Override
            public <T> T around(Supplier<T> effect) {
                throw failure;
            }
        };
    }

    /** The call does its work and fails all the same. */
    static Fault after(RuntimeException failure) {
        return new Fault() {
            @Override
            public <T> T around(Supplier<T> effect) {
                Objects.requireNonNull(effect.get());
                throw failure;
            }
        };
    }

    /** The call does nothing until its thread is interrupted, and then fails. */
    static Fault hang() {
        return new Fault() {
            @Override
            public <T> T around(Supplier<T> effect) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
                throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "interrupted");
            }
        };
    }

    /** The call does its work, then hangs like {@link #hang}. */
    static Fault hangAfter() {
        return new Fault() {
            @Override
            public <T> T around(Supplier<T> effect) {
                T lost = effect.get();
                return hang().around(() -> lost);
            }
        };
    }

    /** The call tells that it came, then waits for a sign, deaf to interrupts, before it does its work. */
    static Fault late(CountDownLatch came, CountDownLatch sign) {
        return new Fault() {
            @Override
            public <T> T around(Supplier<T> effect) {
                came.countDown();
                boolean interrupted = false;
                for (boolean waiting = true; waiting; ) {
                    try {
                        sign.await();
                        waiting = false;
                    } catch (InterruptedException ignored) {
                        interrupted = true;
                    }
                }
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                return effect.get();
            }
        };
    }

    /** The call does its work, and before it answers something else happens. */
    static Fault then(Runnable meanwhile) {
        return new Fault() {
            @Override
            public <T> T around(Supplier<T> effect) {
                T answer = effect.get();
                meanwhile.run();
                return answer;
            }
        };
    }

    /** The call does nothing and answers this. */
    static Fault answer(Object answer) {
        return new Fault() {
            @Override
            @SuppressWarnings("unchecked")
            public <T> T around(Supplier<T> effect) {
                return (T) answer;
            }
        };
    }

    /** The stream that the call gives breaks off after so many bytes. */
    static Fault cut(int bytes) {
        return new Fault() {
            @Override
            public <T> T around(Supplier<T> effect) {
                return effect.get();
            }

            @Override
            public InputStream stream(InputStream whole) {
                return new CutStream(whole, bytes);
            }
        };
    }

    /** Breaks off after so many bytes. */
    final class CutStream extends FilterInputStream {
        private int left;

        CutStream(InputStream in, int left) {
            super(in);
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left == 0) {
                throw new IOException("the stream broke off");
            }
            int n = super.read(bytes, offset, Math.min(length, left));
            left -= Math.max(n, 0);
            return n;
        }
    }
}
