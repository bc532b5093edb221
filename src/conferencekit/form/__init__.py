"""What people are asked, how their answers are read, and the words for what is wrong with them."""
