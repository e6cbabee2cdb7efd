//go:build !linux

package host

// lowerPriority does nothing: the priority of a thread is not lowered here.
func lowerPriority() {}
