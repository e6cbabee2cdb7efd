package host_test
const writerDirEnv = "THAW_TEST_WRITER_DIR"
func writeForOthers(string) {}
