package host_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// children are the other processes as which the test binary is run again: what they do with
// the directory in an environment variable.
var children = map[string]func(dir string){
	writerDirEnv: writeForOthers, readerDirEnv: readForOthers, holderDirEnv: holdForOthers,
	besideDirEnv: readBesideCompactions,
}

func TestMain(m *testing.M) {
	for variable, do := range children {
		if dir := os.Getenv(variable); dir != "" {
			do(dir)
			return
		}
	}
	goleak.VerifyTestMain(m)
}
