// Soak runs a store for as long as it is let, with everything that can happen to it:
//
//	go run ./host/crash/soak -for 30m -chart soak.svg
//
// A writer process appends from several goroutines and says what was acknowledged. Three reader
// processes read everything, read it again, and compare. A follower goes on from its checkpoint, a
// projection folds the events, and another process backs the store up again and again. The supervisor kills one of them with SIGKILL every second or
// so and starts it again, cuts off and removes files of the index meanwhile, and keeps the list of
// what was acknowledged. It ends with exit code 1 if
//
//   - an acknowledged event is missing, or is another one, in the store or in a backup begun later,
//   - a reader, the follower or the projection sees a hole, half a batch, an event that was never
//     appended, or other events than before,
//   - a process ends by itself, or reports damage,
//   - memory or descriptors of a process exceed their bounds.
//
// It samples the memory and the descriptors of every process (Linux), and draws them.
//
// The events follow from their number, so that every process knows what an event must be:
//
//	facts.go       what an event is
//	writer.go      the writer process
//	reader.go      the reader processes
//	follower.go    the follower and the projection
//	backup.go      the backup process
//	oracle.go      what was acknowledged, and the comparison
//	supervisor.go  who is started, killed, and disturbed
//	sample.go      memory and descriptors
//	chart.go       the chart
package main
