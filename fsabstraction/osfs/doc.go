// Package osfs is the operating system's file system behind the interfaces of
// fsabstraction.
//
// It is a package of its own so that the interfaces stay free of package os:
// code that only names them, such as an in-memory implementation in a browser,
// does not link an operating system it does not have.
//
// Every open checks twice that it got a regular file: before, by name, so that
// a device is not even touched, and after, on the handle, in case
// the name was exchanged in between. On Unix the open itself neither
// waits for the other end of a pipe nor follows a link. On Windows files are
// opened so that they can be renamed and replaced while open, which os.Open
// does not allow.
package osfs
