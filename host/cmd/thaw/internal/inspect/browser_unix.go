//go:build unix

package inspect

import (
	"os/exec"
	"syscall"
)

// apart keeps signals of the terminal from a command: Ctrl-C ends the server, not the browser.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
