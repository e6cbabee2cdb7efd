// Package crash holds no code but tests: a writer is stopped at every operation
// that changes a file, power is cut in every way that the disk assumptions of
// package fsabstraction allow, and what is left is opened, checked and written
// on.
//
//	world_test.go      what was asked, acknowledged, and must never be there
//	workload_test.go   what a writer does
//	states_test.go     which power cuts are tried at an operation
//	check_test.go      what must hold of what is left
//	crash_test.go      all workloads x all operations x all cuts
//
// THAW_CRASH_STATES is how many states to try at least, THAW_CRASH_SEED where the
// random numbers begin. A failure prints the command that repeats it.
package crash
