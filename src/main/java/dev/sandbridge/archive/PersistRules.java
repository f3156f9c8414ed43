package dev.sandbridge.archive;

import dev.sandbridge.archive.ArchiveReport.Kind;
import dev.sandbridge.workspace.FileType;
import dev.sandbridge.workspace.WorkspacePath;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What of a tree can be in an archive that {@link HydrateRules} accept; everything else is noted. */
final class PersistRules {
    private static final int SET_ID = 06000;

    private final ArchiveLimits limits;
    private final ArchiveReport.Notes notes;

    PersistRules(ArchiveLimits limits, ArchiveReport.Notes notes) {
        this.limits = limits;
        this.notes = notes;
    }

    /** The entry as it is archived, or null if it is left out. Links are not yet followed through other links. */
    @Nullable
    TreeEntry admit(TreeEntry entry) {
        String path = entry.path();
        String broken = MemberName.violation(path, limits);
        if (broken != null) {
            notes.add(Kind.NAME_NOT_ALLOWED, path, broken);
            return null;
        }
        return switch (entry.type()) {
            case OTHER -> {
                notes.add(Kind.SPECIAL_FILE, path, null);
                yield null;
            }
            case SYMLINK -> link(entry);
            case FILE, DIRECTORY -> plain(entry);
        };
    }

    private TreeEntry plain(TreeEntry entry) {
        if ((entry.mode() & SET_ID) != 0) {
            notes.add(Kind.SET_ID_DROPPED, entry.path(), null);
        }
        boolean file = entry.type() == FileType.FILE;
        if (file && entry.links() > 1) {
            notes.add(Kind.HARD_LINK_COPIED, entry.path(), null);
        }
        return with(entry, entry.mode() & 01777, file ? entry.size() : 0, null);
    }

    private @Nullable TreeEntry link(TreeEntry entry) {
        String path = entry.path();
        String said = entry.target() == null ? "" : entry.target();
        String target = said.startsWith("/") ? relative(path, said) : said;
        if (target == null || target.isEmpty() || LinkTable.climbsOut(path, target)) {
            notes.add(Kind.LINK_LEAVES_WORKSPACE, path, said);
            return null;
        }
        if (MemberName.isLonger(target, limits.nameBytes())) {
            notes.add(Kind.NAME_NOT_ALLOWED, path, "archive name length exceeds limit");
            return null;
        }
        if (!target.equals(said)) {
            notes.add(Kind.LINK_REWRITTEN, path, said);
        }
        return with(entry, 0777, 0, target);
    }

    /** An absolute target as seen from the link, or null if it does not lie in the workspace. */
    private static @Nullable String relative(String path, String target) {
        String normal = "/" + MemberName.normalize(target);
        if (!normal.equals(WorkspacePath.ROOT) && !normal.startsWith(WorkspacePath.ROOT + "/")) {
            return null;
        }
        var relative = new StringBuilder();
        for (int i = path.indexOf('/'); i >= 0; i = path.indexOf('/', i + 1)) {
            relative.append("../");
        }
        relative.append(normal, Math.min(WorkspacePath.ROOT.length() + 1, normal.length()), normal.length());
        if (relative.isEmpty()) {
            return ".";
        }
        boolean bare = relative.charAt(relative.length() - 1) == '/';
        return bare ? relative.substring(0, relative.length() - 1) : relative.toString();
    }

    private TreeEntry with(TreeEntry entry, int mode, long size, @Nullable String target) {
        Instant modified = entry.modified();
        if (modified.isBefore(TarTime.FIRST) || modified.isAfter(TarTime.LAST)) {
            notes.add(Kind.TIME_CLAMPED, entry.path(), null);
            modified = modified.isBefore(TarTime.FIRST) ? TarTime.FIRST : TarTime.LAST;
        }
        return new TreeEntry(
                entry.path(), entry.type(), mode, size, modified, entry.uid(), entry.gid(), entry.links(), target);
    }
}
