// Package cli is the thaw command: [Run] with a command line, standard input, two
// writers and a file system. Each command has a file of its own; what they share is
//
//	root.go        the command tree, flags that several commands have, exit codes
//	reading.go     opening a store and telling what is wrong with it
//	writing.go     the same for writing
//	lines.go       the flags of commands that print events
//	print.go       the loop that prints them, on every processor
//	line.go        how an event is spelled
//	exportline.go  how it is spelled for import, and
//	importline.go  how that is read
//	output.go      the buffer in front of stdout
//	words.go       damage and refusals in words and in JSON
//	fail.go        errors: what happened, what to do, which exit code
//	writefail.go   what kept a store from being written
package cli
