package example

// Abs is what the mutants of table.txt are made of.
func Abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// Max is here to have the text of Abs a second time.
func Max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

// Sum loops.
func Sum(n int) int {
	sum := 0
	for n > 0 {
		sum += n
		n--
	}
	return sum
}
