"""`signoff doctor`: what an installation lacks, and how to mend it. It looks, and changes nothing."""
