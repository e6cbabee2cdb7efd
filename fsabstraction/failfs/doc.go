// Package failfs wraps a file system and makes chosen operations fail, to test how a store
// reacts.
//
// A test can make every operation fail in turn, until no operation is left:
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
// Files are never fsabstraction.PathFile: reads of mapped memory would bypass the rules.
package failfs
