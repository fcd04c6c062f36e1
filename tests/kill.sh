#!/bin/sh
# kill -9 at random moments: kill.sh [N]. WEALD is the executable. See kill.py.
exec /usr/bin/python3 "$(dirname "$0")/kill.py" "$@"
