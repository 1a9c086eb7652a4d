# Restarts the worker whenever it ends, however it was killed, until it is told to stop or nobody reads its output.
trap 'kill $!; wait; exit' INT TERM HUP
cd "$(dirname "$0")/.." || exit
while echo "Starting the worker."; do .venv/bin/python -m worker & wait $!; sleep 1; done
