/* The supervised child of bench_heal_latency: notes when its first instruction ran, says so, and waits for its end.
   Usage: heal_latency_child FILE [WORD], a file of one 64-bit number that the bench has mapped. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int main(int count, char** arguments) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int file = count > 1 ? open(arguments[1], O_RDWR) : -1;
    volatile int64_t* moment = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (moment == MAP_FAILED) return 1;
    *moment = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    for (;;) pause();
}
