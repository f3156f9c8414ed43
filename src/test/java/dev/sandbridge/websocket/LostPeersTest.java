package dev.sandbridge.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** What a line of the kernel's table of connections says of a peer. */
class LostPeersTest {
    private static final LostPeers.Ends ENDS =
            new LostPeers.Ends(new InetSocketAddress("127.0.0.1", 8080), new InetSocketAddress("10.2.3.4", 50_000));

    private static final String IPV4 = "   7: 0100007F:1F90 0403020A:C350 01 00000003:00000000 ";
    private static final String IPV6 =
            "7: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000403020A:C350 01 00000003:00000000 ";

    static boolean isLittleEndian() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }

    @Test
    @EnabledIf("isLittleEndian")
    void whatIsSentAgainAndAgainGoesNowhere() {
        assertThat(LostPeers.lost(IPV4 + "01:0000003E 00000005     0        0 80113002 1"))
                .contains(ENDS);
        assertThat(LostPeers.lost(IPV6 + "01:0000003E 0000000A     0        0 80113002 1"))
                .contains(ENDS);
    }

    @Test
    @EnabledIf("isLittleEndian")
    void aPeerWithoutRoomIsLostOnlyWhenItDoesNotEvenSaySo() {
        assertThat(LostPeers.lost(IPV4 + "04:00000113 00000000     0        1 80113002 1"))
                .isEmpty();
        assertThat(LostPeers.lost(IPV4 + "04:00000113 00000000     0        6 80113002 1"))
                .contains(ENDS);
    }

    @Test
    void whatIsLateIsNotLost() {
        assertThat(LostPeers.lost(IPV4 + "01:0000003E 00000002     0        0 80113002 1"))
                .isEmpty();
        assertThat(LostPeers.lost("  sl  local_address rem_address   st")).isEmpty();
    }
}
