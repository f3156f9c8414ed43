/**
 * The function flavours as they are deployed, driven as AWS Lambda drives them. Start with {@link
 * dev.sandbridge.packaged.RuntimeApi}.
 */
@NullMarked
package dev.sandbridge.packaged;

import org.jspecify.annotations.NullMarked;
