# The five verbs. `make install` makes .venv; the others use it.
BIN = .venv/bin

.PHONY: install test train studies bench
install:
	python3 -m venv .venv
	$(BIN)/pip install -r requirements-dev.txt
test:
	$(BIN)/pytest
train:
	$(BIN)/python train.py model=srn_residual data.length=25 replicas=16
studies:
	for study in accuracy_vs_length learning_rate gradient_explosion; do \
		$(BIN)/python train.py study=$$study || exit 1; done
bench:
	$(BIN)/pip install -r requirements-bench.txt
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/cells.py
