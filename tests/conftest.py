"""What holds for every test."""

import signal

# A runner that starts the tests behind a shell's `&` or nohup has Ctrl-C ignored in them, and processes inherit that;
# the tests that interrupt a command would wait for it in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
