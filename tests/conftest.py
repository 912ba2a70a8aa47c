"""What holds for all tests."""

import signal

# A shell without job control starts what it puts into the background with the interrupt ignored,
# and all that follows from it inherits this: then no test could interrupt anything.
signal.signal(signal.SIGINT, signal.default_int_handler)
