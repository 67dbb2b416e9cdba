"""The frames of an analysis by name: each public function of these modules computes the one that it is called.

Its parameters name the frames that it is computed from; `results` and `question` are what an analysis begins with. A new frame
is a function in one of these modules, or in one more; see `ablate.results.analysis`.
"""
