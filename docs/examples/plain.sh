#!/bin/sh
# Pi from random points, in awk. Do antithetic points make the estimate better?
#
# ablate -m design=one_factor metric=test_error metric.high=100 antithetic=off,on points=1000,4000 'seed=range(0,10)' trainer.env=true \
#     'trainer.code=[plain.sh]' -- sh plain.sh
awk -v seed="$ABLATE_SEED" -v points="$ABLATE_POINTS" -v antithetic="$ABLATE_ANTITHETIC" 'BEGIN {
    srand(seed)
    for (i = 1; i <= points; i++) {
        if (antithetic == "on" && i % 2 == 0) { x = 1 - x; y = 1 - y } else { x = rand(); y = rand() }
        inside += x * x + y * y < 1
    }
    off = 4 * inside / points / 3.14159265 - 1
    printf "ablate: {\"step\": %d, \"test_error\": %.4f}\n", points, 100 * (off < 0 ? -off : off)
}'
