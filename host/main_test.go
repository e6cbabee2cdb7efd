package host_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDirEnv); dir != "" {
		writeForOthers(dir)
		return
	}
	if dir := os.Getenv(readerDirEnv); dir != "" {
		readForOthers(dir)
		return
	}
	if dir := os.Getenv(holderDirEnv); dir != "" {
		holdForOthers(dir)
		return
	}
	goleak.VerifyTestMain(m)
}
