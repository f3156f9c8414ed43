package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the service believes of a resident that lies, is silent, or dies. */
@Timeout(60)
class ResidentChannelTest {
    private static final int STARTED = 2;
    private static final int EXITED = 3;
    private static final int REFUSED = 4;
    private static final int DONE = 5;

    private static final StartRequest COMMAND = new StartRequest(
            StartRequest.Mode.EXEC, null, "/workspace", Map.of("A", "b"), List.of("true", ""), false, false, null);

    private Poller poller;
    private ResidentChannel channel;
    private FakeResident resident;
    private long descriptorsBefore;

    @BeforeEach
    void connect() throws Exception {
        poller = new Poller();
        Pipe.open(poller).close();
        descriptorsBefore = Pipe.openDescriptors();
        connect(Duration.ofSeconds(20));
    }

    private void connect(Duration patience) throws Exception {
        var ends = PacketSocket.pair();
        channel = new ResidentChannel(new PacketSocket(ends[0], poller), poller, patience);
        resident = new FakeResident(ends[1], poller);
    }

    @AfterEach
    void noDescriptorIsLeft() throws Exception {
        channel.close();
        resident.close();
        channel.closed().get(10, TimeUnit.SECONDS);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (Pipe.openDescriptors() > descriptorsBefore && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(Pipe.openDescriptors()).isLessThanOrEqualTo(descriptorsBefore);
        poller.close();
    }

    @Test
    void aStartCarriesItsFieldsAndGetsItsPipesAndItsEnd() throws Throwable {
        resident.ready();
        assertThat(channel.awaitReady()).isEqualTo("users=0");

        var start = start(COMMAND);
        var request = resident.next();
        assertThat(new String(request.payload(), StandardCharsets.UTF_8))
                .isEqualTo("mexec\0d/workspace\0eA=b\0atrue\0a\0");
        var far = resident.started(request.id(), 77, false, false, false);
        try (var started = start.get()) {
            assertThat(started.pid()).isEqualTo(77);
            far.forEach(FdCalls::close);
            assertThat(started.stdout().read()).isEqualTo(-1);
            resident.reply(request.id(), EXITED, 5 << 8, "");
            assertThat(started.exit().get()).isEqualTo(5 << 8);
        }
    }

    @Test
    void aLongRequestIsSplitAndArrivesWhole() throws Throwable {
        var long1 = "x".repeat(200_000);
        start(new StartRequest(StartRequest.Mode.EXEC, null, null, Map.of(), List.of(long1), false, false, null));

        int length = 0;
        FakeResident.Request part;
        do {
            part = resident.next();
            assertThat(part.payload().length).isLessThanOrEqualTo(60 * 1024);
            length += part.payload().length;
        } while (!part.last());

        assertThat(length).isEqualTo("mexec".length() + 1 + 1 + long1.length() + 1);
    }

    @Test
    void aRefusalTellsItsErrnoAndItsText() throws Throwable {
        var start = start(COMMAND);
        resident.reply(resident.next().id(), REFUSED, Errno.EAGAIN, "no more\u0007 processes");

        assertThatThrownBy(start::get).cause().isInstanceOfSatisfying(ResidentRefusal.class, refusal -> {
            assertThat(refusal.errno()).isEqualTo(Errno.EAGAIN);
            assertThat(refusal).hasMessage("no more? processes");
        });
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void theDeathOfTheResidentEndsEverythingThatWaits() throws Throwable {
        var running = start(COMMAND);
        int id = resident.next().id();
        resident.started(id, 7, false, false, false).forEach(FdCalls::close);
        var exit = running.get().exit();
        var waiting = start(COMMAND);
        resident.next();

        resident.close();

        assertEnded(waiting);
        assertEnded(exit);
        assertThatThrownBy(() -> channel.start(COMMAND)).satisfies(ResidentChannelTest::isTransportError);
        assertThatThrownBy(() -> channel.awaitReady()).satisfies(ResidentChannelTest::isTransportError);
        running.get().close();
    }

    @Test
    void silenceIsNotWaitedForLongerThanPatienceAndALateStartIsKilled() throws Throwable {
        channel.close();
        resident.close();
        connect(Duration.ofMillis(200));

        assertThatThrownBy(() -> channel.start(COMMAND))
                .isInstanceOfSatisfying(SandboxException.class, late -> assertThat(late.code())
                        .as("%s", late.getCause())
                        .isEqualTo(ErrorCode.PROVIDER_FAILURE));

        int id = resident.next().id();
        resident.started(id, 7, false, false, false).forEach(FdCalls::close);
        var kill = resident.next();
        assertThat(kill.op()).isEqualTo(2);
        assertThat(kill.payload()).containsExactly(id, 0, 0, 0, 9, 0, 0, 0, 2);
    }

    @Test
    void aResidentThatSaysNothingAtAllIsGivenUp() throws Throwable {
        channel.close();
        resident.close();
        connect(Duration.ofMillis(200));

        assertThatThrownBy(() -> channel.start(COMMAND))
                .isInstanceOfSatisfying(
                        SandboxException.class, late -> assertThat(late.code()).isEqualTo(ErrorCode.PROVIDER_FAILURE));

        assertGivenUp();
    }

    /** More than the socket holds: what is not taken is waited for no longer than what is not answered. */
    @Test
    void aResidentThatTakesNothingIsGivenUpAndLetsTheSenderGo() throws Throwable {
        channel.close();
        resident.close();
        connect(Duration.ofMillis(200));
        var argument = List.of("x".repeat(4 << 20));

        var start = start(new StartRequest(StartRequest.Mode.EXEC, null, null, Map.of(), argument, false, false, null));

        assertEnded(start);
        assertGivenUp();
    }

    @Test
    void aResidentThatAnswersIsNotGivenUpHoweverLongNobodyAsks() throws Throwable {
        channel.close();
        resident.close();
        connect(Duration.ofSeconds(1));
        for (int i = 0; i < 2; i++) {
            var answer = CompletableFuture.supplyAsync(() -> signal(5, 15, ResidentChannel.Scope.GROUP));
            resident.reply(resident.next().id(), DONE, 1, "");
            answer.get();
            assertThatThrownBy(() -> channel.closed().get(2500, TimeUnit.MILLISECONDS))
                    .isInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void aSignalCountsWhomItMet() throws Throwable {
        var answer = CompletableFuture.supplyAsync(() -> signal(5, 15, ResidentChannel.Scope.GROUP));
        var request = resident.next();
        assertThat(request.payload()).containsExactly(5, 0, 0, 0, 15, 0, 0, 0, 1);
        resident.reply(request.id(), DONE, 3, "");

        assertThat(answer.get()).isEqualTo(3);
    }

    @Test
    void anAnswerShorterThanItsHeadIsNotBelieved() throws Throwable {
        resident.send(new byte[] {1, 2, 3});
        assertGivenUp();
    }

    @Test
    void anAnswerOfAnUnknownKindIsNotBelieved() throws Throwable {
        resident.reply(1, 6, 0, "");
        assertGivenUp();
    }

    @Test
    void anAnswerNobodyAskedForIsNotBelieved() throws Throwable {
        resident.reply(4711, DONE, 1, "");
        assertGivenUp();
    }

    @Test
    void anotherProtocolVersionIsNotBelieved() throws Throwable {
        resident.reply(0, 1, 2, "");
        assertGivenUp();
    }

    @Test
    void aSecondAnnouncementIsNotBelieved() throws Throwable {
        resident.ready();
        resident.ready();
        assertGivenUp();
    }

    @Test
    void anEndBeforeTheStartIsNotBelieved() throws Throwable {
        var start = start(COMMAND);
        resident.reply(resident.next().id(), EXITED, 0, "");
        assertGivenUp();
        assertEnded(start);
    }

    @Test
    void aSecondEndIsNotBelieved() throws Throwable {
        var start = start(COMMAND);
        int id = resident.next().id();
        resident.started(id, 7, false, false, false).forEach(FdCalls::close);
        start.get().close();
        resident.reply(id, EXITED, 0, "");
        resident.reply(id, EXITED, 0, "");
        assertGivenUp();
    }

    @Test
    void aStartWithTooFewFilesIsNotBelievedAndNoneIsKept() throws Throwable {
        start(COMMAND);
        resident.started(resident.next().id(), 7, false, false).forEach(FdCalls::close);
        assertGivenUp();
    }

    @Test
    void aStartWithTooManyFilesIsNotBelievedAndNoneIsKept() throws Throwable {
        start(COMMAND);
        resident.started(resident.next().id(), 7, false, false, false, false).forEach(FdCalls::close);
        assertGivenUp();
    }

    @Test
    void aStartWithMoreFilesThanAnyAnswerMayCarryLosesNone() throws Throwable {
        start(COMMAND);
        resident.started(resident.next().id(), 7, new boolean[40]).forEach(FdCalls::close);
        assertGivenUp();
    }

    @Test
    void filesWithAnyOtherAnswerAreNotBelievedAndNotKept() throws Throwable {
        var ends = new int[2];
        FdCalls.pipe(ends);
        resident.reply(0, 1, 1, "", ends);
        FdCalls.close(ends[0]);
        FdCalls.close(ends[1]);
        assertGivenUp();
    }

    /** A file never makes a reader wait for more and never ends as a pipe does; a device may do anything. */
    @Test
    void filesThatAreNoPipesAreNotBelieved() throws Throwable {
        start(COMMAND);
        var socket = PacketSocket.pair();
        resident.reply(resident.next().id(), STARTED, 7, "", socket[0], socket[0], socket[1]);
        FdCalls.close(socket[0]);
        FdCalls.close(socket[1]);
        assertGivenUp();
    }

    @Test
    void anAnswerLongerThanAPacketMayBeIsNotBelieved() throws Throwable {
        resident.send(new byte[PacketSocket.MAX_PACKET + 1]);
        assertGivenUp();
    }

    @Test
    void anEmptyPacketIsTheEnd() throws Throwable {
        resident.send(new byte[0]);
        assertGivenUp();
    }

    private CompletableFuture<Started> start(StartRequest request) {
        var result = new CompletableFuture<Started>();
        Thread.ofVirtual().start(() -> {
            try {
                result.complete(channel.start(request));
            } catch (Throwable failed) {
                result.completeExceptionally(failed);
            }
        });
        return result;
    }

    private int signal(int id, int signal, ResidentChannel.Scope scope) {
        try {
            return channel.signal(id, signal, scope);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private void assertGivenUp() throws Exception {
        channel.closed().get(10, TimeUnit.SECONDS);
        assertThatThrownBy(() -> channel.start(COMMAND)).satisfies(ResidentChannelTest::isTransportError);
    }

    private static void assertEnded(CompletableFuture<?> waiting) {
        assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .satisfies(ResidentChannelTest::isTransportError);
    }

    private static void isTransportError(Throwable failure) {
        assertThat(failure).isInstanceOfSatisfying(SandboxException.class, ended -> assertThat(ended.code())
                .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR));
    }
}
