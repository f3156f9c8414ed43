package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The templates of the disk sizes that were asked for last; there are as many sizes as profiles, as a rule. */
final class DiskTemplates {
    private static final int KEPT = 4;
    private static final float LOAD = 0.75f;

    private final String mkfs;
    private final Path directory;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, DiskTemplate> recent = new LinkedHashMap<>(KEPT, LOAD, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, DiskTemplate> eldest) {
            return size() > KEPT;
        }
    };

    /** @param directory for temporary files */
    DiskTemplates(String mkfs, Path directory) {
        this.mkfs = mkfs;
        this.directory = directory;
    }

    DiskTemplate of(long bytes) throws IOException {
        long size = DiskTemplate.sizeFor(bytes);
        lock.lock();
        try {
            var known = recent.get(size);
            if (known == null) {
                known = DiskTemplate.make(mkfs, size, directory);
                recent.put(size, known);
            }
            return known;
        } finally {
            lock.unlock();
        }
    }
}
