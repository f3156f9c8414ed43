package dev.sandbridge.archive;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What may be in an archive that is put into a workspace. {@link #check} for each member, {@link #finish} before
 * anything takes effect. Refusals name the member and the rule; the order of the checks is part of the contract.
 */
final class HydrateRules {
    private final ArchiveLimits limits;
    private final TreeIndex index = new TreeIndex();
    private final LinkTable links;
    private long bytes;

    HydrateRules(ArchiveLimits limits) {
        this.limits = limits;
        this.links = new LinkTable(limits.linkText());
    }

    /** The member as an entry of the tree, or null for a directory that has come before. */
    @Nullable
    TreeEntry check(TarMember member) {
        String path = path(member);
        FileType type = path.isEmpty() ? rootType(member) : type(member);
        String target = type == FileType.SYMLINK ? target(member, path) : null;
        if (type != FileType.FILE && member.size() != 0) {
            throw Refusal.of(member.name(), "content in a member that has none");
        }
        String broken = index.add(path, type);
        if (broken != null) {
            throw Refusal.of(member.name(), broken);
        }
        checkLimits(member);
        if (index.isRepeated()) {
            return null;
        }
        if (target != null) {
            links.put(path, target);
        }
        int mode = type == FileType.SYMLINK ? 0777 : member.mode() & 01777;
        return new TreeEntry(path, type, mode, member.size(), member.modified(), member.uid(), member.gid(), 1, target);
    }

    /** Rules that can only be judged when all members are known. */
    void finish() {
        for (Map.Entry<String, String> link : links.all()) {
            if (links.escapes(link.getKey(), link.getValue())) {
                throw escapes(link.getKey(), link.getValue());
            }
        }
        if (links.isExhausted()) {
            throw Refusal.limit(
                    Refusal.ARCHIVE, "archive symlink chains exceed limit", LinkTable.WORK, LinkTable.WORK + 1);
        }
    }

    private String path(TarMember member) {
        String name = member.name();
        String broken = MemberName.violation(name);
        if (broken != null) {
            throw Refusal.of(name, broken);
        }
        String path = MemberName.normalize(name);
        broken = MemberName.violation(path, limits);
        if (broken != null) {
            throw Refusal.of(name, broken);
        }
        return path;
    }

    private static FileType rootType(TarMember member) {
        return switch (member.type()) {
            case TarMember.DIRECTORY -> FileType.DIRECTORY;
            case TarMember.SYMLINK -> throw Refusal.of(member.name(), "archive root symlink");
            case TarMember.HARD_LINK -> throw Refusal.of(member.name(), "archive root hardlink");
            default -> throw Refusal.of(member.name(), "archive root member must be directory");
        };
    }

    private static FileType type(TarMember member) {
        return switch (member.type()) {
            case TarMember.DIRECTORY -> FileType.DIRECTORY;
            case TarMember.SYMLINK -> FileType.SYMLINK;
            case TarMember.FILE, TarMember.OLD_FILE, TarMember.CONTIGUOUS_FILE -> {
                if (member.name().endsWith("/")) {
                    throw Refusal.of(member.name(), "unsupported member type");
                }
                yield FileType.FILE;
            }
            case TarMember.HARD_LINK -> throw Refusal.of(member.name(), "hardlink member not allowed");
            case TarMember.SPARSE -> throw Refusal.of(member.name(), "sparse member not allowed");
            default -> throw Refusal.of(member.name(), "unsupported member type");
        };
    }

    private String target(TarMember member, String path) {
        String target = member.link();
        if (target.isEmpty() || target.indexOf('\0') >= 0) {
            throw Refusal.of(member.name(), "symlink without a target");
        }
        if (MemberName.isLonger(target, limits.nameBytes())) {
            throw Refusal.of(member.name(), "archive name length exceeds limit");
        }
        if (target.startsWith("/")) {
            throw Refusal.of(member.name(), "absolute symlink target not allowed: " + target);
        }
        if (LinkTable.climbsOut(path, target)) {
            throw escapes(member.name(), target);
        }
        return target;
    }

    private void checkLimits(TarMember member) {
        if (index.size() > limits.members()) {
            throw Refusal.limit(member.name(), "archive member count exceeds limit", limits.members(), index.size());
        }
        if (member.size() > limits.bytesOut() - bytes) {
            throw Refusal.limit(
                    member.name(), "archive extracted size exceeds limit", limits.bytesOut(), bytes + member.size());
        }
        bytes += member.size();
        if (links.isFull()) {
            throw Refusal.limit(
                    member.name(), "archive link text exceeds limit", limits.linkText(), limits.linkText() + 1);
        }
    }

    private static SandboxException escapes(String member, String target) {
        return Refusal.of(member, "symlink target escapes archive root: " + target);
    }
}
