// Package failfs wraps a file system and makes chosen operations fail, for
// tests of what a store does then.
//
// A test that wants every single operation to fail once goes on until there is
// no such operation:
//
//	for k := 1; ; k++ {
//		fsys := failfs.New(inner())
//		fault := fsys.Fail(failfs.Rule{Kinds: failfs.Changes, Nth: k})
//		use(fsys)
//		if fault.Fired() == 0 {
//			break
//		}
//	}
//
// Files are never fsabstraction.PathFile, because reads of mapped memory could
// not fail.
package failfs
