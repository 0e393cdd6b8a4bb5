// The compiled half of Beast: BOOST_BEAST_SEPARATE_COMPILATION leaves it to one translation unit.
#include <boost/beast/src.hpp>
