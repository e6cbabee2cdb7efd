// Package osfs implements fsabstraction on the operating system's file system.
//
// It is a separate package so that fsabstraction does not import os: code that needs only
// the interfaces, such as an in-memory implementation in a browser, links no operating
// system.
//
// Every open checks twice that it got a regular file: by name before the open, so that a
// device is not even touched, and on the handle after it, in case the name was exchanged
// meanwhile. On Unix the open itself neither waits for the other end of a pipe nor follows
// a link. On Windows open files can be renamed and replaced, which os.Open does not allow.
package osfs
