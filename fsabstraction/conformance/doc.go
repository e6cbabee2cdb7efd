// Package conformance tests that a file system keeps the promises of fsabstraction. Every
// implementation's tests call Run; the rest of thaw may rely only on promises tested here.
//
// It cannot test that Sync and SyncDir make anything durable. That needs a file system that
// crashes, such as crashfs.
package conformance
