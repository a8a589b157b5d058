# make run    everything from nothing to the prompt     make test    everything from nothing to what a change needs: some minutes
# make soak   the long runs                             make proof   what needs real time, kills and servers: a quarter of an hour

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test proof soak clean

run: .venv/.run
	@$(BIN)/chronus

# two rows of engines that play in real time wait most of theirs; what only computes has it
test: .venv/.test
	@$(BIN)/python -m pytest -n 3 < /dev/null

# what make test leaves out; before it ten thousand ways to break an engine, simulated on both processors: beside them none would have its due
proof: .venv/.test
	@$(BIN)/python -m tests.simulator.simulate --processes 2 < /dev/null
	@$(BIN)/python -m pytest -n 2 -m "proof and not soak" < /dev/null

# every row of the table of faults, the long runs too, and every bar in wall-clock time; writes tests/faults/README.md
soak: .venv/.test
	@$(BIN)/python -m pytest -m "soak or proof or row" --faults-table --timeout 14400 < /dev/null

.venv/.made: tools/debian.sh
	@tools/debian.sh libportaudio2 -- $(PYTHON)
	@$(PYTHON) -c 'import sys; sys.exit("Chronus needs Python 3.11 or newer; PYTHON=... names another one" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv < /dev/null
	@touch $@

.venv/.run: pyproject.toml .venv/.made
	@echo "installing Python packages into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -e . < /dev/null
	@touch $@

.venv/.test: pyproject.toml .venv/.made
	@tools/debian.sh libportaudio2 jackd2 tmux pulseaudio pulseaudio-utils libasound2-plugins gcc libc6-dev
	@echo "installing Python packages, those of the tests too, into .venv ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test]' < /dev/null
	@touch $@

clean:
	rm -rf .venv build dist *.egg-info
