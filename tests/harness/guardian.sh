# Starts a server, tells its process id and later its exit status, and sees to it that nothing stays behind.
# The tests hold the other end of stdin. When it closes, however the tests ended, the server is killed and its
# directory removed. A line on it means: this server is over and its directory is still needed.
root=$1
log=$2
shift 2
exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
echo "$server"
(
    # Whoever ends the tests by a signal to all of them ends this one last.
    trap '' HUP INT TERM
    if ! read -r _; then
        test -e "$root/ended.$server" || kill -KILL "$server"
        for attempt in 1 2 3 4 5; do
            rm -rf "$root" 2>/dev/null && break
            sleep 0.2
        done
    fi
) <&3 >/dev/null 2>&1 &
wait "$server"
status=$?
test ! -d "$root" || touch "$root/ended.$server"
echo "$status"
