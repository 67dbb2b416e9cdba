#!/usr/bin/env bash
# How written_by_0.1.0.tar.xz and written_by_0.2.0.tar.xz were made: the store and the sweeps of these commands, in an empty folder
# with my/model/tiny.yaml and my/study/rungs.yaml (both are in the archives), by commits 78c67f2 and 071e463. Afterwards the last
# sweep was completed in a copy, and `ablate report SWEEP --format csv` wrote expected/ there. Left out of the archive: reports, logs, locks, and the checkpoints of
# all trainings but those of the first and of the interrupted sweep.
set -x
B="-cd my data=digits model=tiny threads=1 workers=2 progress=false"
A="python -m ablate"
# a factorial with shared trainings
$A -m $B steps=60 eval_every=20 lr=0.05 augment=off,center ema=off,on seed=0,1,2
# one_factor, longer than what is there: goes on from the first
$A -m $B design=one_factor steps=90 eval_every=20 augment=off,center lr=0.05,0.02 batch_size=128,64 seed=0,1,2
# a named ladder
$A -m $B study=rungs lr=0.05 steps=60 eval_every=20 seed=0,1,2
# a diverged arm
$A -m $B steps=20 eval_every=10 lr=0.1,100000 seed=0,1,2 || true
# a fraction
$A -m $B design=fractional steps=20 eval_every=20 augment=off,center ema=off,on lr=0.1,0.05 batch_size=128,64 seed=0,1
# a run by itself
$A $B steps=30 eval_every=10 lr=0.05 seed=7
# own learning rates
$A -m $B design=one_factor retune=true 'retune_rates=[0.5,1]' retune_seeds=1 steps=20 eval_every=20 augment=off,center seed=0,1
# a search, confirmed
$A -m $B hydra/sweeper=optuna 'lr=tag(log,interval(0.01,0.5))' batch_size=64,128 epochs=1 hydra.sweeper.n_trials=5 hydra.sweeper.confirm_seeds=2
# one that is interrupted on its way, as soon as it has come to step 500
$A -m $B steps=1500 eval_every=100 lr=0.03 augment=center ema=off,on seed=0,1 &
until [ "$(cat runs/*/live.json | grep -o '"step": [0-9]*' | grep -o '[0-9]*' | sort -n | tail -1)" -ge 500 ]; do sleep 0.05; done 2>/dev/null
kill -TERM $!; wait
