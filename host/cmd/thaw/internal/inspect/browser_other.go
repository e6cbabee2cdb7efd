//go:build !unix

package inspect

import "os/exec"

// apart does nothing: where there is no terminal, or rundll32 starts a program outside it.
func apart(*exec.Cmd) {}
