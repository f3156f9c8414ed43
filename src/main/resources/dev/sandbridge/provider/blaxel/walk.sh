# Tells the workspace as a whole, on stdout, as records that begin with _sb_token, because what lies between them is any
# bytes:
#   g COUNT\n  so many entries: names, each ended by a NUL; their facts, a line each; targets of the links among them,
#              each ended by a NUL; contents of the files among them, each of the size that its facts say; then = or !,
#              which says that some changed meanwhile: forget them, they come again one by one
#   f          a file: its name, ended by a NUL; its facts, a line; its content; then = or !, whether it changed
#              meanwhile
#   v          a name, ended by a NUL, that is gone or cannot be read
#   x          the end of all
#   e          the workspace is no directory
# Given: _sb_root, _sb_sides as tree.sh has it, and as positional parameters the texts of batch.sh and tree.sh, and what
# find shall leave out.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C TZ=UTC0 _sb_facts='%f/%h/%u/%g/%s/%Y/%y/%z/%d/%i'
unset POSIXLY_CORRECT
export PATH LC_ALL TZ _sb_token _sb_facts _sb_root _sb_sides
_sb_batch=$1
_sb_tree=$2
shift 2
for _sb_side in $_sb_sides; do
    if [ -d "$_sb_side" ]; then
        sh -c "$_sb_tree" sh recover > /dev/null 2>&1
        break
    fi
done
if [ -L "$_sb_root" ] || ! cd "$_sb_root" 2> /dev/null; then
    printf '%se' "$_sb_token"
    exit 0
fi
find . -xdev "$@" -exec sh -c "$_sb_batch" sh {} + 2> /dev/null
[ $? -gt 125 ] || printf '%sx' "$_sb_token"
