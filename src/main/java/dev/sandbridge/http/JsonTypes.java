package dev.sandbridge.http;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import io.quarkus.runtime.annotations.RegisterForReflection;

/** What Jackson reads by reflection, for native builds: every record that is written as JSON. */
@RegisterForReflection(
        targets = {
            ArchiveResource.Hydrated.class,
            ArchiveResource.Line.class,
            ArchiveResource.Report.class,
            ErrorBody.class,
            ExecResource.Answer.class,
            FileAnswer.class,
            HealthResource.Answer.class,
            HealthResource.Guarantee.class,
            HealthResource.Provider.class,
            KeyResource.Answer.class,
            KeyResource.ListAnswer.class,
            SecretResource.Answer.class,
            Ok.class,
            PoolResource.PoolConfig.class,
            PoolResource.Stats.class,
            PortResource.ListAnswer.class,
            PortResource.PortAnswer.class,
            ProcessAnswer.class,
            ProcessResource.ListAnswer.class,
            ProcessResource.OutputAnswer.class,
            PtyAnswer.class,
            PtyListResource.Answer.class,
            PtyListResource.Item.class,
            PtyResource.TicketAnswer.class,
            SandboxAnswer.class,
            SandboxAnswer.LimitsAnswer.class,
            SandboxAnswer.TimeoutsAnswer.class,
            SandboxResource.ListAnswer.class,
            SandboxResource.Running.class,
            SessionResource.Closed.class,
            SessionResource.Opened.class,
            SnapshotResource.ListAnswer.class,
            SnapshotResource.RestoreAnswer.class,
            SnapshotResource.SnapshotAnswer.class,
            PropertyNamingStrategies.SnakeCaseStrategy.class
        })
final class JsonTypes {
    private JsonTypes() {}
}
