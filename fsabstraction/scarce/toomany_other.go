//go:build !windows

package scarce

func tooMany(error) bool { return false }
