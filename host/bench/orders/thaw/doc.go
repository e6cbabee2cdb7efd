package thaw
