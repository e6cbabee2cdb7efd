// Package crash holds no code but tests: a writer is stopped at every operation
// that changes a file, power is cut in every way that the disk assumptions of
// package fsabstraction allow, and what is left is opened, checked and written
// on.
//
//	world_test.go      what was asked, acknowledged, and must never be there
//	workload_test.go   what a writer does
//	states_test.go     which power cuts are tried at an operation
//	flushes_test.go     those in which an index is written over and over
//	start_test.go      what a workload begins with
//	check_test.go      what must hold of what is left
//	index_test.go      what must hold of its index
//	crash_test.go      all workloads x all operations x all cuts
//	fail_test.go       all workloads x all operations that fail
//	flushfailure_test.go   the same for operations on files of an index
//
// THAW_CRASH_STATES is how many states to try at least, THAW_CRASH_SEED where the
// random numbers begin, and THAW_CRASH_STEP the step between the operations that are
// tried: 1 for each. A failure prints the command that repeats it.
package crash
